import type { Mechanism } from 'kafkajs'
import { BrokerError } from './kafka-error.ts'
import { scramProvider, type ScramMechanism } from './wire/kafkajs-internals.ts'

/** Six times Kafka's own limit for a user, and a tenth of a second. */
export const maxScramIterations = 100_000

/**
 * SCRAM by kafkajs, with a bound on the work that the broker asks for. The broker names the number of hash iterations, up to two billion.
 * Those keep a thread busy for half an hour that also looks up names and reads files. With four such brokers the process does neither any
 * more.
 * @param login read at each authentication
 */
export function boundedScram(mechanism: ScramMechanism, login: { readonly username: string; readonly password: string }): Mechanism {
  const provide = scramProvider(mechanism)(login)
  return {
    mechanism,
    authenticationProvider: ({ saslAuthenticate, ...connection }) =>
      provide({
        ...connection,
        saslAuthenticate: async (step) => {
          const answer = await saslAuthenticate(step)
          refuseWork(answer)
          return answer
        },
      }),
  }
}

/** @throws BrokerError when the answer asks for more iterations than the bound */
function refuseWork(answer: unknown): void {
  const asked = typeof answer === 'object' && answer !== null && 'i' in answer ? Number.parseInt(String(answer.i), 10) : 0
  if (asked > maxScramIterations)
    throw new BrokerError('unauthenticated', '', `the broker asks for ${asked} iterations of SCRAM; expected ${maxScramIterations} at most`)
}
