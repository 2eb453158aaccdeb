import { type Bench, type BenchSettings, figure, figureRow, type Row } from './lib/bench.ts'
import { startChild } from './lib/child.ts'
import { medianOf } from './lib/percentiles.ts'
import type { ScanCalls, ScanCost } from './lib/scan-calls.ts'

export const bench: Bench = {
  title: 'Scan: records that concern nobody here, per second of one processor, against reading less of them',
  run: async (settings) => [...(await scanMemory(settings))],
}

interface Round {
  readonly ours: number
  readonly parse: number
  readonly sdk: number
}

async function scanMemory({ isQuick, say }: BenchSettings): Promise<readonly Row[]> {
  const rounds = isQuick ? 3 : 9
  const records = isQuick ? 60_000 : 200_000
  const subject = startChild<ScanCalls>(new URL('./subjects/scan.ts', import.meta.url), { cpu: 0, execArgv: ['--expose-gc'] })
  const measure = async (): Promise<Round> => ({
    ours: perSecond(await subject.call('scan', { records })),
    parse: perSecond(await subject.call('parseValues', { records })),
    sdk: perSecond(await subject.call('sdk', { records: records / 10 })),
  })
  try {
    // The first round compiles what the others run.
    await measure()
    const measured: Round[] = []
    for (let round = 1; round <= rounds; round += 1) {
      const now = await measure()
      measured.push(now)
      say(`round ${round} of ${rounds}: ${figure(now.ours)} /s; JSON.parse of the value alone ${figure(now.parse)} /s; the CloudEvents SDK ${figure(now.sdk)} /s`)
    }
    const ours = medianOf(measured.map((round) => round.ours))
    const row = (measure: string, other: 'parse' | 'sdk', min: { readonly min?: number }): Row => ({
      ...figureRow({ measure, unit: '/s', ours, other: `${figure(medianOf(measured.map((round) => round[other])))} /s`, ...min }),
      ratio: figure(medianOf(measured.map((round) => round.ours / round[other]))),
    })
    return [
      row('Scan from memory, records per CPU second (other: JSON.parse of the value alone)', 'parse', { min: 200_000 }),
      row('Scan from memory (other: the CloudEvents SDK)', 'sdk', {}),
    ]
  } finally {
    await subject.stop()
  }
}

const perSecond = ({ records, cpuMicros }: ScanCost): number => (records / cpuMicros) * 1e6
