import { readFileSync } from 'node:fs'
import type { Mechanism } from 'kafkajs'
import { BrokerError } from './kafka-error.ts'
import { WireWriter } from './wire/wire-writer.ts'

/**
 * Reads a user name or a password, without a byte order mark before it or a line break at its end.
 * @param file '': `given` holds it @throws when the file cannot be read
 */
export function readLogin(given: string, file: string): string {
  return file === '' ? given : readFileSync(file, 'utf8').replace(/^\ufeff|\r?\n$/g, '')
}

const maxTokenBytes = 65_536

/**
 * Reads a token for OAUTHBEARER, without the blanks around it.
 * @throws Error that names the file, and never its content
 */
export function readToken(file: string): string {
  const token = readFileSync(file, 'utf8').trim()
  const problem = problemOf(token)
  if (problem !== null) throw new Error(`KAFKA_SASL_TOKEN_FILE (${file}) ${problem}`)
  return token
}

/** https://www.rfc-editor.org/rfc/rfc6750#section-2.1: visible ASCII. A control character would end the field, and begin another. */
function problemOf(token: string): string | null {
  if (token === '') return 'is empty: expected a token'
  if (token.length > maxTokenBytes) return `is not a token: it is longer than ${maxTokenBytes} bytes`
  return /^[\x21-\x7e]+$/.test(token) ? null : 'is not a token: it holds characters other than visible ASCII'
}

/**
 * OAUTHBEARER for kafkajs (RFC 7628). kafkajs's own takes a refused token for an accepted one. The broker reports the refusal in a
 * challenge that kafkajs does not read, and closes the connection at the next request.
 * @param token called at each authentication, also when a session is renewed
 */
export function oauthBearer(token: () => string): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      async authenticate() {
        const challenge = await saslAuthenticate({ request: messageOf(`n,,\x01auth=Bearer ${token()}\x01\x01`), response: challenges })
        if (challenge === undefined || challenge === '') return
        // The broker waits for an answer to its challenge before it refuses or closes. The outcome is already known.
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

/** Returns the status of the challenge, which is JSON, such as invalid_token. Never the token. */
function statusOf(challenge: string): string {
  return /"status"\s*:\s*"([\x20-\x7e]{1,100}?)"/.exec(challenge)?.[1] ?? 'no reason given'
}
