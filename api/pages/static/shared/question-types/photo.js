/** An answer in photos. How many photos it takes is a field of every question. */

export const isAnsweredByPhotos = true;

export const hasClearButton = false;

export const role = () => "group";

export const input = () => null;

export const findError = () => "value";

export const show = () => "";
