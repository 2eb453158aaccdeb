import { readFileSync } from 'node:fs'
import type { Mechanism } from 'kafkajs'
import { BrokerError } from './kafka-error.ts'
import { WireWriter } from './wire/wire-writer.ts'

/** Reads a user name or a password; a byte order mark before it and a line break at its end are no part of it. @param file '': `given` holds it @throws when the file cannot be read */
export function readLogin(given: string, file: string): string {
  return file === '' ? given : readFileSync(file, 'utf8').replace(/^\ufeff|\r?\n$/g, '')
}

const maxTokenBytes = 65_536

/** Reads a token for OAUTHBEARER; blanks around it are no part of it. @throws Error that names the file, never what is in it */
export function readToken(file: string): string {
  const token = readFileSync(file, 'utf8').trim()
  const problem = problemOf(token)
  if (problem !== null) throw new Error(`KAFKA_SASL_TOKEN_FILE (${file}) ${problem}`)
  return token
}

/** https://www.rfc-editor.org/rfc/rfc6750#section-2.1: visible ASCII. A control character would end the field, and begin another. */
function problemOf(token: string): string | null {
  if (token === '') return 'is empty: expected a token'
  if (token.length > maxTokenBytes) return `is no token: it is longer than ${maxTokenBytes} bytes`
  return /^[\x21-\x7e]+$/.test(token) ? null : 'is no token: it holds characters other than visible ASCII'
}

/**
 * OAUTHBEARER for kafkajs (RFC 7628). kafkajs's own takes a refused token for an accepted one: the broker says so in a challenge, which
 * kafkajs does not read, and the connection ends at the next request without a word.
 * @param token called at each authentication, also when a session is renewed
 */
export function oauthBearer(token: () => string): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      async authenticate() {
        const challenge = await saslAuthenticate({ request: messageOf(`n,,\x01auth=Bearer ${token()}\x01\x01`), response: challenges })
        if (challenge === undefined || challenge === '') return
        // The broker waits for an answer to its challenge, and only then says no, or closes: what is said here is known already.
        await saslAuthenticate({ request: messageOf('\x01'), response: challenges }).catch(() => undefined)
        throw new BrokerError('unauthenticated', '', `the broker does not accept the token: ${statusOf(challenge)}`)
      },
    }),
  }
}

/** Encodes a message as kafkajs expects it: behind its length. */
function messageOf(text: string): { encode(): Buffer } {
  return { encode: () => new WireWriter().bytes(Buffer.from(text)).done() }
}

const challenges = {
  decode: (bytes: Buffer): Buffer => bytes,
  parse: (bytes: Buffer): string => bytes.subarray(4).toString('utf8'),
}

/** The challenge is JSON with a status, such as invalid_token. Never the token. */
function statusOf(challenge: string): string {
  return /"status"\s*:\s*"([\x20-\x7e]{1,100}?)"/.exec(challenge)?.[1] ?? 'no reason given'
}
