/** A gateway's answers are far shorter, and the server may be any. */
export const maxAnswerCharacters = 1_000_000

/** Returns the body as text, up to the limit. The rest is not read. */
export async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  // Leaving the loop cancels the body.
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > maxAnswerCharacters) return text.slice(0, maxAnswerCharacters)
  }
  return text + decoder.decode()
}
