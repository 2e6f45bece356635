/**
 * An argument of a raw call: an integer or address; text (the kernel gets it as UTF-8 with a NUL); memory that the
 * kernel reads or writes in place; or NULL.
 */
export type RawArgument = number | bigint | string | Uint8Array | null
