import { describe, expect, it } from 'vitest'
import type { Mechanism } from 'kafkajs'
import { boundedScram, maxScramIterations } from './scram.ts'

type Connection = Parameters<Mechanism['authenticationProvider']>[0]
type Step = Parameters<Connection['saslAuthenticate']>[0]

/**
 * Starts a broker that answers the first message so, and ends the exchange at the second.
 * @returns the end of the client's attempt
 */
async function authenticate(mechanism: 'scram-sha-256' | 'scram-sha-512', iterations: string): Promise<string> {
  const broker = async ({ request, response }: Step): Promise<unknown> => {
    const message = (await request.encode()).subarray(4).toString()
    const nonce = /,r=([^,]+)/.exec(message)?.[1] ?? ''
    if (!message.startsWith('n,,')) return { e: 'second message reached' }
    return response?.parse(Buffer.from(`r=${nonce}x,s=c2FsdA==,i=${iterations}`))
  }
  const silent = (): void => {}
  const connection = { host: 'a', port: 1, logger: { debug: silent, error: silent }, saslAuthenticate: broker } as unknown as Connection // the part that SCRAM uses
  const provider = boundedScram(mechanism, { username: 'ada', password: 'secret' }).authenticationProvider(connection)
  return provider.authenticate().then(
    () => 'authenticated',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
}

describe.each(['scram-sha-256', 'scram-sha-512'] as const)('%s', (mechanism) => {
  // A broker that a channel named could ask for two billion iterations: half an hour of a thread of the operator of all namespaces.
  it.each(['2147483647', String(maxScramIterations + 1), ' 100001', '100001x'])(
    'refuses a broker that asks for %j iterations, before the first one',
    async (iterations) => {
      expect(await authenticate(mechanism, iterations)).toMatch(/asks for \d+ iterations of SCRAM; expected 100000 at most/)
    },
  )

  it.each(['4096', '16384', String(maxScramIterations)])('accepts a broker that asks for %s', async (iterations) => {
    expect(await authenticate(mechanism, iterations)).toContain('second message reached')
  })
})
