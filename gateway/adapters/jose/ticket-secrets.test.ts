import { describe, expect, it } from 'vitest'
import { maxTicketSecrets, minTicketSecretBytes, parseTicketSecrets } from './ticket-secrets.ts'

const secret = 'x'.repeat(minTicketSecretBytes)
/** Returns the secrets as texts, or the error. */
function parse(text: string): readonly string[] | string {
  const parsed = parseTicketSecrets(text)
  return parsed.ok ? parsed.value.map((key) => key.export().toString()) : parsed.error
}

describe('parseTicketSecrets', () => {
  it.each([
    ['one', secret, [secret]],
    ['one with an end of line', `${secret}\n`, [secret]],
    ['several, in their order, among blanks and empty lines', `\n  ${secret}1 \r\n\r\n${secret}2\n`, [`${secret}1`, `${secret}2`]],
    ['one whose characters take several bytes', 'ü'.repeat(minTicketSecretBytes / 2), ['ü'.repeat(minTicketSecretBytes / 2)]],
  ])('reads %s', (_, text, secrets) => {
    expect(parse(text)).toEqual(secrets)
  })

  it.each([
    ['nothing', '', 'a secret in a line was expected'],
    ['empty lines', ' \n\n', 'a secret in a line was expected'],
    ['a secret that is a byte too short', `${secret}\n${secret.slice(1)}`, 'line 2 has less than 32 bytes'],
    ['a comment', `# made in May\n${secret}`, 'line 1 has less than 32 bytes'],
  ])('refuses %s, and shows how to make a secret', (_, text, error) => {
    expect(parse(text)).toContain(error)
    expect(parse(text)).toContain('openssl rand -base64 48')
  })

  it('takes a bounded number of secrets', () => {
    const lines = Array.from({ length: maxTicketSecrets + 1 }, (_, number) => `${secret}${number}`)
    expect(parse(lines.slice(1).join('\n'))).toHaveLength(maxTicketSecrets)
    expect(parse(lines.join('\n'))).toBe('the file has more than 4 secrets; remove the oldest')
  })
})
