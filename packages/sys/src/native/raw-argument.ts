/**
 * An argument of a raw call: an integer or address; text (the kernel gets it as UTF-8 with a NUL, and bytes that
 * `textFromBytes` has escaped as they were); memory that the kernel reads or writes in place; or NULL.
 */
export type RawArgument = number | bigint | string | Uint8Array | null
