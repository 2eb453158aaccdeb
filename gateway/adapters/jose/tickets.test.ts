import { createSecretKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { algorithms } from './algorithms.ts'
import { bindKey, type VerificationKey } from './has-signed.ts'
import type { TicketSecrets } from './ticket-secrets.ts'
import { ticketLength, Tickets } from './tickets.ts'

function newKey(): VerificationKey {
  const algorithm = algorithms.get('ES256')
  if (algorithm === undefined) throw new Error('ES256')
  return bindKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey, 'ES256', algorithm)
}

const [signer, other, third] = [newKey(), newKey(), newKey()]
const secretOf = (name: string) => createSecretKey(Buffer.from(name.repeat(32)))
const ticketsOf = (first: string, ...others: readonly string[]) => {
  const secrets: TicketSecrets = [secretOf(first), ...others.map(secretOf)]
  return new Tickets({ channel: 'c', secrets: () => secrets })
}
const token = fc.stringMatching(/^[\w-]{1,40}\.[\w-]{1,40}\.[\w-]{1,40}$/)

describe('a resume ticket', () => {
  it('names the key that verified its token, for each pod with the secret', () => {
    fc.assert(
      fc.property(token, (text) => {
        const ticket = ticketsOf('a').issue(text, signer) ?? ''
        expect(ticket).toHaveLength(ticketLength)
        expect(ticketsOf('a').signerOf(text, ticket, [other, signer])).toBe(signer)
      }),
    )
  })

  it('fits no other token, key, channel or secret', () => {
    fc.assert(
      fc.property(token, token, (text, another) => {
        const ticket = ticketsOf('a').issue(text, signer) ?? ''
        const elsewhere = new Tickets({ channel: 'd', secrets: () => [secretOf('a')] })
        expect(ticketsOf('a').signerOf(another, ticket, [signer])).toBe(another === text ? signer : null)
        expect(ticketsOf('a').signerOf(text, ticket, [other, third])).toBeNull()
        expect(elsewhere.signerOf(text, ticket, [signer])).toBeNull()
        expect(ticketsOf('b').signerOf(text, ticket, [signer])).toBeNull()
      }),
    )
  })

  it('is worth nothing with any other character in any place, cut, or longer', () => {
    const tickets = ticketsOf('a')
    const ticket = tickets.issue('a.b.c', signer) ?? ''
    const fits = (text: string): boolean => tickets.signerOf('a.b.c', text, [signer]) !== null
    fc.assert(
      fc.property(fc.nat({ max: ticketLength - 1 }), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), (at, character) => {
        const changed = ticket.slice(0, at) + character + ticket.slice(at + 1)
        expect(fits(changed)).toBe(changed === ticket)
      }),
      { numRuns: 300 },
    )
    expect([ticket, '', ticket.slice(1), `${ticket}A`, `${ticket}=`, ` ${ticket}`].map(fits)).toEqual([
      true,
      ...Array<boolean>(5).fill(false),
    ])
  })

  it('stays good while its secret is in the file, and is made with the first', () => {
    const old = ticketsOf('a').issue('a.b.c', signer) ?? ''
    const rotated = ticketsOf('b', 'a')
    expect(rotated.signerOf('a.b.c', old, [signer])).toBe(signer)
    expect(rotated.issue('a.b.c', signer)).toBe(ticketsOf('b').issue('a.b.c', signer))
    expect(ticketsOf('b').signerOf('a.b.c', old, [signer])).toBeNull()
  })

  it('does not exist without secrets', () => {
    const none = new Tickets({ channel: 'c', secrets: () => null })
    const ticket = ticketsOf('a').issue('a.b.c', signer) ?? ''
    expect([none.secrets, none.issue('a.b.c', signer), none.signerOf('a.b.c', ticket, [signer])]).toEqual([null, null, null])
  })
})
