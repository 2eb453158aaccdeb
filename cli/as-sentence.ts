/** Ends a message of Node.js, which may have no full stop, as a sentence. */
export const asSentence = (message: string): string => (/[.!?]$/.test(message) ? message : `${message}.`)
