import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { apiOf } from '../adapters/kubernetes/testing/api-of.ts'
import { systemClock } from '../../program/clock.ts'
import { createLeaderElection } from '../runtime/leader-election.ts'
import { uniqueIdentity } from '../runtime/lease.ts'
import { configMapType } from './kubernetes-api-contract.ts'
import { createRecordingMetrics } from './recording-metrics.ts'

/**
 * A test process that takes part in an election on a real API server. While it leads, it writes its name into a ConfigMap, again and again.
 * It checks that it is the leader right before each write. SIGTERM stops it in order.
 *
 * node operator/testing/election-process.ts KUBECONFIG NAME
 */
const [kubeconfigFile = '', name = ''] = process.argv.slice(2)
const api = apiOf(kubeconfigFile, { timeoutMs: 1_000 })
const work = { namespace: 'default', name: 'work' }
const election = createLeaderElection({
  api,
  options: {
    lease: { namespace: 'default', name: 'election' },
    identity: uniqueIdentity(name),
    durationMs: 3_000,
    renewDeadlineMs: 2_000,
    retryPeriodMs: 400,
  },
  metrics: createRecordingMetrics({ controllers: [], leases: ['election'], resources: [], kinds: [], kafkaOperations: [] }).metrics,
  logger: createRecordingLogger().logger,
  clock: systemClock,
  random: Math.random,
})

async function writeWhileLeading(by: string, signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n += 1) {
    const found = await api.get(configMapType, work)
    // The write is for this version. Otherwise a request in flight, when the process was paused, could arrive in another leader's term.
    if (found.ok && election.isLeader())
      await api.mergePatch(configMapType, work, {
        metadata: { resourceVersion: found.value.metadata.resourceVersion },
        data: { by, n: String(n) },
      })
    await new Promise((resolve) => void setTimeout(resolve, 20))
  }
}

process.once('SIGTERM', () => void election.stop({ deadlineMs: 5_000 }))
for (let term = 1, end = ''; end !== 'stopped'; term += 1) {
  end = await election.run({ onStarted: (signal) => writeWhileLeading(`${name} term ${term}`, signal), onLost: () => {} })
}
api.close()
