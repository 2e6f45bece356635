import { quote as inC, isUtf8 } from '@rt/sys'

/** A word of the user, as it stands in a message; bytes that are not UTF-8 as C's escapes. */
export const quote = (text: string): string => (isUtf8(text) ? JSON.stringify(text) : inC(text))
