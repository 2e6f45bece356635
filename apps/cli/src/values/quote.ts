/** A word of the user, as it stands in a message. */
export const quote = (text: string): string => JSON.stringify(text)
