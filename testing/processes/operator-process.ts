import { fileURLToPath } from 'node:url'
import { spawnProgram, type Program } from './program.ts'

/** `node operator/main.ts`, as a process of its own. */
export interface OperatorProcess extends Program {
  /** The page of metrics, as samples by their text: `carillon_operator_channels{ready="true"}`. */
  metrics(): Promise<ReadonlyMap<string, number>>
  /** The status of a page of the internal port; 0 while nobody listens. */
  probe(path: '/livez' | '/readyz'): Promise<number>
}

export interface OperatorProcessOptions {
  readonly kubeconfigFile: string
  readonly internalPort: number
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
}

export const testImage = 'registry.example.com/carillon:test'

/** How long its Lease lasts: short, to take over soon from one that was killed, and longer than a busy machine keeps it from renewing. */
export const testLeaseMs = 7_000

/** Starts it for tests. Whoever starts it ends it. */
export function spawnOperator({ kubeconfigFile, internalPort, env = {}, args = [] }: OperatorProcessOptions): OperatorProcess {
  const program = spawnProgram(fileURLToPath(new URL('../../operator/main.ts', import.meta.url)), {
    env: {
      KUBECONFIG: kubeconfigFile,
      GATEWAY_IMAGE: testImage,
      INTERNAL_HOST: '127.0.0.1',
      INTERNAL_PORT: String(internalPort),
      LEASE_NAMESPACE: 'default',
      LEASE_DURATION_MS: String(testLeaseMs),
      RENEW_DEADLINE_MS: String(testLeaseMs - 1_500),
      RETRY_PERIOD_MS: '500',
      ...env,
    },
    args,
  })
  const ask = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${internalPort}${path}`, { signal: AbortSignal.timeout(5_000) })
  return Object.defineProperties(
    {
      metrics: async () => samplesOf(await (await ask('/metrics')).text()),
      probe: async (path: string) => {
        try {
          return (await ask(path)).status
        } catch {
          // Nobody listens, yet or any more.
          return 0
        }
      },
    },
    // Its text grows, so that the getters themselves are taken over.
    Object.getOwnPropertyDescriptors(program),
  ) as OperatorProcess // the members of both
}

function samplesOf(page: string): ReadonlyMap<string, number> {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

/** The sum of all samples of a metric whose labels match. */
export function sumOf(samples: ReadonlyMap<string, number>, name: string, labels = ''): number {
  return [...samples].filter(([text]) => text.startsWith(`${name}{`) && text.includes(labels)).reduce((sum, [, value]) => sum + value, 0)
}
