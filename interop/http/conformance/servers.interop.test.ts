import { afterEach, describe } from 'vitest'
import { runCli } from '../../../cli/testing/run-cli.ts'
import { type ForeignClient, type ForeignProgram, goProgram, nodeProgram, startForeign } from '../testing/foreign-client.ts'
import { tabulate } from '../testing/trials.ts'
import { versionOf } from '../versions.ts'
import { recordedVerdicts } from './recorded-verdicts.ts'

/** Servers of others, in the order of docs/conformance.md. Each answers an event with the event, as its SDK's README shows. */
const servers: readonly { readonly name: string; readonly pin: string; readonly program: ForeignProgram }[] = [
  { name: 'sdk-go', pin: 'github.com/cloudevents/sdk-go/v2', program: goProgram('receiver', []) },
  { name: 'cloudevents (npm)', pin: 'cloudevents (npm)', program: nodeProgram('receiver.mjs', []) },
]

interface Report {
  readonly profiles: readonly { readonly rules: readonly { readonly id: string; readonly status: string }[] }[]
}

let running: ForeignClient | null = null
afterEach(async () => {
  await running?.kill()
  running = null
})

describe('carillon conformance, on servers of others', () => {
  const trial = tabulate('servers')
  for (const { name, pin, program } of servers)
    trial({
      client: { name, version: versionOf(pin) },
      what: 'is a server of the HTTP binding, and each rule has the verdict of docs/conformance.md',
      arrives: recordedVerdicts(name, versionOf(pin)),
      act: async () => {
        running = startForeign(program)
        await running.until('listening', 1)
        const url = `http://127.0.0.1:${running.texts('listening')[0]}/`
        const { stdout } = await runCli(['conformance', url, '--profile', 'http', '--json', '--timeout', '10'])
        const { profiles } = JSON.parse(stdout) as Report // our own output
        return Object.fromEntries(profiles.flatMap(({ rules }) => rules.map(({ id, status }) => [id, status])))
      },
    })
})
