import { figure } from '../lib/bench.ts'
import { renderMarkdown } from '../peers/report/section.ts'
import { type CapacityModel, cpuFactors, type Findings, fitModel } from './model.ts'
import { planPods, type PodBounds, readingLimit } from './plan-pods.ts'

export interface CapacityReport extends Findings {
  /** The machine, the date, and what else it did. */
  readonly conditions: string
}

const bounds: PodBounds = { connectionsPerPod: 15_000, cpuPerPod: 0.5, minPods: 2 }
const connections = [10_000, 100_000, 1_000_000]
const rates = [1_000, 5_000, 20_000]

/** Renders the findings of a run as Markdown. */
export function renderCapacity({ costs, memory, conditions }: CapacityReport): string {
  const model = fitModel({ costs, memory })
  return [
    '## The model',
    conditions,
    renderMarkdown([['', 'of a pod'], ...cpuRows(model), ...memoryRows(model)]),
    errorText(costs.length, model),
    '## Pods for connections and events',
    renderMarkdown([
      [
        'connections',
        'events/s',
        'pods',
        'processors of a pod',
        'memory of a pod, MB',
        'processors of all',
        'of it reading',
        'memory of all, GB',
      ],
      ...connections.flatMap((count) => rates.map((rate) => planRow(model, count, rate))),
    ]),
    '## Where reading everything stops paying',
    readingText(model),
    '## The windows',
    renderMarkdown([
      [
        'pods',
        'sessions of a pod',
        'events/s',
        'read twice by a pod',
        'deliveries/s of a pod',
        'processor of a pod, %',
        'RSS of a pod, MB',
      ],
      ...costs.map((cost) => [
        String(cost.pods),
        String(cost.sessions),
        figure(cost.eventsPerSecond),
        figure(cost.secondReadsPerSecond),
        figure(cost.deliveriesPerSecond),
        figure(100 * cost.cpu),
        figure(cost.rssBytes / 1e6),
      ]),
    ]),
  ].join('\n\n')
}

const cpuRows = ({ cpu }: CapacityModel): readonly (readonly string[])[] =>
  cpuFactors.map((factor, index) => {
    const seconds = cpu.coefficients[index] ?? 0
    return factor === 'a pod' || factor === 'a session'
      ? [`processor time of ${factor}`, `${figure(1e6 * seconds)} us per second`]
      : [`processor time of ${factor}`, `${figure(1e6 * seconds)} us`]
  })

const memoryRows = ({ rssBytes, replayBytes }: CapacityModel): readonly (readonly string[])[] => [
  ['memory of a pod', `${figure((rssBytes.coefficients[0] ?? 0) / 1e6)} MB`],
  ['memory of a session', `${figure((rssBytes.coefficients[1] ?? 0) / 1024)} KB`],
  ['memory that events add, at most', `${figure(replayBytes / 1e6)} MB`],
]

function errorText(figures: number, { cpu, rssBytes }: CapacityModel): string {
  return `${figures} figures of pods, by least squares. The model misses the processor time by ${figure(100 * cpu.error)} % of a processor (root mean square), and explains ${percent(cpu.explained)} of its variance. It misses the memory before the first event by ${figure(rssBytes.error / 1e6)} MB. A price of 0 is one that these windows cannot tell from nothing.`
}

const percent = (share: number): string => `${Math.floor(100 * Math.max(0, share))} %`

function planRow(model: CapacityModel, count: number, rate: number): readonly string[] {
  const plan = planPods(model, { connections: count, eventsPerSecond: rate, deliveriesPerSecond: rate }, bounds)
  const head = [count.toLocaleString('en-US'), rate.toLocaleString('en-US')]
  if (plan === null) return [...head, 'no number is enough']
  const { pods, cpuPerPod, rssBytesPerPod } = plan
  const [, perEvent = 0] = model.cpu.coefficients
  return [
    ...head,
    String(pods),
    figure(cpuPerPod),
    figure(rssBytesPerPod / 1e6),
    figure(pods * cpuPerPod),
    percent((perEvent * rate) / cpuPerPod),
    figure((pods * rssBytesPerPod) / 1e9),
  ]
}

function readingText(model: CapacityModel): string {
  const [half, whole] = [0.5, 1].map((processors) => readingLimit(model, processors))
  if (half === undefined || whole === undefined || !Number.isFinite(half)) return 'These windows do not tell the price of reading.'
  return `Reading alone takes half a processor of each pod at ${figure(half)} events/s in the topic, and all of one at ${figure(whole)}. Beyond the first, a pod more has less room for clients than it takes up for reading. Then split the channel: two channels with a topic each read half each.`
}
