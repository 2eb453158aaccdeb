import { type Exchange, exchange, type Received } from './exchange.ts'
import { type Lab, makeEvent, type Message, type Observation } from './lab.ts'
import { binaryMessage, structuredMessage } from './messages.ts'
import { fail, notApplicable, notChecked, pass, type Rule, type Verdict } from './rule.ts'
import type { Level, Section } from './section.ts'

/** Each mode once, in its plainest form: rules of a mode that the server refuses do not apply. */
export const binary: Observation<Exchange> = {
  make: (lab) => exchange(lab, binaryMessage(lab, { body: '{"plain": true}' })),
}
export const structured: Observation<Exchange> = {
  make: (lab) => exchange(lab, structuredMessage(makeEvent(lab, { datacontenttype: 'application/json', data: { plain: true } }))),
}
const plain = { binary, structured } as const
export type Mode = keyof typeof plain

export interface About {
  readonly id: string
  readonly level: Level
  readonly section: Section
  readonly title: string
  readonly mode: Mode
}

/** Runs a check only where the server takes events in the mode. */
async function inMode(lab: Lab, mode: Mode, check: () => Promise<Verdict>): Promise<Verdict> {
  const first = await lab.once(plain[mode])
  if (first.isAccepted) return check()
  const why = `The server takes no events in ${mode} mode. ${first.answer}`
  return first.status === null ? notChecked(why) : notApplicable(why)
}

/** A rule about what the server understood. `unclear` says why an answer does not show it; null: it does. */
export function understands(
  rule: About & {
    send(lab: Lab): Message & { readonly id: string }
    compare(received: Received): string | null
    unclear?(exchange: Exchange): string | null
  },
): Rule {
  const { mode, send, compare, unclear = () => null, ...about } = rule
  return {
    ...about,
    check: (lab) =>
      inMode(lab, mode, async () => {
        const exchanged = await exchange(lab, send(lab))
        const { isAccepted, answer, received, why } = exchanged
        if (!isAccepted) return fail(`The event is not accepted. ${answer}`)
        if (received === null) return notChecked(`What the server understood is not known: ${why}.`)
        const doubt = unclear(exchanged)
        if (doubt !== null) return notChecked(`What the server understood is not known: ${doubt}.`)
        const difference = compare(received)
        return difference === null ? pass('The server understood it.') : fail(difference)
      }),
  }
}

/** A rule about events that are accepted. */
export function accepts(rule: About & { send(lab: Lab): Message & { readonly id: string } }): Rule {
  const { mode, send, ...about } = rule
  return {
    ...about,
    check: (lab) =>
      inMode(lab, mode, async () => {
        const { isAccepted, answer } = await sendOnly(lab, send(lab))
        return isAccepted ? pass(answer) : fail(answer)
      }),
  }
}

/** A rule about messages that are refused, each with a 4xx. */
export function refuses(rule: About & { send(lab: Lab): readonly (Message & { readonly what: string })[] }): Rule {
  const { mode, send, ...about } = rule
  return {
    ...about,
    check: (lab) =>
      inMode(lab, mode, async () => {
        const wrong: string[] = []
        const messages = send(lab)
        for (const message of messages) {
          const { status, answer } = await sendOnly(lab, message)
          if (status === null) return notChecked(answer)
          if (status < 400 || status >= 500) wrong.push(`${message.what}: ${status}`)
        }
        return wrong.length === 0 ? pass(`${messages.length} messages are refused.`) : fail(`Not refused with 4xx: ${wrong.join(', ')}.`)
      }),
  }
}

export async function sendOnly(
  lab: Lab,
  message: Message,
): Promise<{ readonly status: number | null; readonly isAccepted: boolean; readonly answer: string }> {
  const answer = await lab.post(message)
  if (!answer.ok) return { status: null, isAccepted: false, answer: `No answer (${answer.error}).` }
  const { status } = answer.value
  return { status, isAccepted: status >= 200 && status < 300, answer: `The answer is ${status}.` }
}
