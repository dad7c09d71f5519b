/** Installing the form like an app, where the browser offers that, and the badge of the installed app. */
import { notify } from "./channel.js";
import { h, recallSetting, saveSetting, t } from "../shared/page.js";

let prompt = null;

/** Keeps the browser's own offer to install, to show it when it helps. */
export function watchInstallation() {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    prompt = event;
    notify("queue"); // the list may show it now
  });
}

/** Makes the form installable from the list, which is where it starts. */
export function installable() {
  if (document.querySelector("link[rel=manifest]")) return;
  document.head.append(h("link", { rel: "manifest", href: "/manifest.webmanifest" }));
}

const isInstalled = () => matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;
const isApple = () => "standalone" in navigator;

/** Returns how to install the form here: a button, words, or null where there is no way or it is done. */
export function installation() {
  if (isInstalled()) return null;
  if (prompt) {
    const install = async () => {
      const offer = prompt;
      prompt = null; // it works once
      await offer?.prompt();
    };
    return h("button", { type: "button", class: "plain", onclick: install }, t("install"));
  }
  return isApple() ? h("span", {}, t("installApple")) : null;
}

/** Shows how many visits wait to be sent, on the icon of the installed app. */
export function setBadge(count) {
  const change = count ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.();
  change?.catch(() => {});
}

/** Returns a notice that can be dismissed once and for all, or null where it was. */
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
