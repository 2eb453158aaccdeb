import { createSecretKey, type KeyObject } from 'node:crypto'
import { failed, ok, type Result } from '../../../program/result.ts'

/** Secrets that the pods of a channel share: the first signs, all verify. */
export type TicketSecrets = readonly [KeyObject, ...KeyObject[]]

/** Limit on the bytes of the file. */
export const maxTicketFileBytes = 16_384
/** Limit on the secrets of a file. A rotation has two. The limit bounds the cost of a ticket that none of them made. */
export const maxTicketSecrets = 4
/** Least length of a secret, in bytes: that of the hash. */
export const minTicketSecretBytes = 32

/** Reads the text of a file of secrets, one in a line. The error names the expected format and quotes nothing. */
export function parseTicketSecrets(text: string): Result<TicketSecrets, string> {
  const lines = text.split(/\r?\n/).map((line) => Buffer.from(line.trim()))
  const short = lines.findIndex(({ length }) => length > 0 && length < minTicketSecretBytes)
  if (short !== -1)
    return failed(`line ${short + 1} has less than ${minTicketSecretBytes} bytes; make a secret with: openssl rand -base64 48`)
  const [first, ...others] = lines.filter(({ length }) => length > 0).map((line) => createSecretKey(line))
  if (first === undefined) return failed('a secret in a line was expected; make one with: openssl rand -base64 48')
  if (others.length >= maxTicketSecrets) return failed(`the file has more than ${maxTicketSecrets} secrets; remove the oldest`)
  return ok([first, ...others])
}
