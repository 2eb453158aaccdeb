import { fileURLToPath } from 'node:url'
import { spawnProgram, type Program } from './program.ts'

/** `node operator/main.ts` as a process of its own. */
export interface OperatorProcess extends Program {
  /** Returns the metrics by their text: `carillon_operator_channels{ready="true"}`. */
  metrics(): Promise<ReadonlyMap<string, number>>
  /** Returns the status of a page of the internal port; 0 while it does not listen. */
  probe(path: '/livez' | '/readyz'): Promise<number>
}

export interface OperatorProcessOptions {
  readonly kubeconfigFile: string
  readonly internalPort: number
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
}

export const testImage = 'registry.example.com/carillon:test'

/** Duration of its Lease: short, so that a successor takes over soon after a kill, and longer than a busy machine delays a renewal. */
export const testLeaseMs = 7_000

/** Starts the operator for a test. The caller ends it. */
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
          // It does not listen yet, or any more.
          return 0
        }
      },
    },
    // The getters are copied, because their text grows.
    Object.getOwnPropertyDescriptors(program),
  ) as OperatorProcess // it has the members of both
}

function samplesOf(page: string): ReadonlyMap<string, number> {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

/** Returns the sum of all samples of a metric whose labels match. */
export function sumOf(samples: ReadonlyMap<string, number>, name: string, labels = ''): number {
  return [...samples].filter(([text]) => text.startsWith(`${name}{`) && text.includes(labels)).reduce((sum, [, value]) => sum + value, 0)
}
