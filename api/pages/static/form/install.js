/** Installing the form as an app, if the browser offers that, and the badge of the installed app. */
import { notify } from "./channel.js";
import { h, recallSetting, saveSetting, t } from "../shared/page.js";

let installPrompt = null;

/** Keeps the browser's offer to install, so that the list can show it later. */
export function watchInstallation() {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    installPrompt = event;
    notify("queue"); // the list may show it now
  });
}

/** Makes the form installable. Only the list does this, because the installed app starts there. */
export function makeInstallable() {
  if (document.querySelector("link[rel=manifest]")) return;
  document.head.append(h("link", { rel: "manifest", href: "/manifest.webmanifest" }));
}

const isInstalled = () => matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;
const isApple = () => "standalone" in navigator;

/** Returns how to install the form: a button, instructions, or null if it is installed or cannot be. */
export function installOffer() {
  if (isInstalled()) return null;
  if (installPrompt) {
    const install = async () => {
      const event = installPrompt;
      installPrompt = null; // it works only once
      await event?.prompt();
    };
    return h("button", { type: "button", class: "plain", onclick: install }, t("install"));
  }
  return isApple() ? h("span", {}, t("installApple")) : null;
}

/** Shows the number of visits that wait to be sent on the icon of the installed app. */
export function setBadge(count) {
  const change = count ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.();
  change?.catch(() => {});
}

/** Returns a notice that can be dismissed permanently, or null if it has been. */
export function notice(name, ...children) {
  if (recallSetting(`dismissed-${name}`)) return null;
  const dismiss = () => {
    saveSetting(`dismissed-${name}`, "yes");
    element.remove();
  };
  const button = h("button", { type: "button", class: "plain", onclick: dismiss }, t("dismiss"));
  const element = h(
    "div",
    { class: "notice" },
    h("p", {}, children.shift()),
    h("p", { class: "row" }, children, button),
  );
  return element;
}
