import type { Logger } from '../program/log/logger.ts'
import type { Clock } from '../program/clock.ts'
import type { OperatorMetrics } from './observability/metrics.ts'
import type { ChannelClass } from './reconcile/class/channel-class.ts'
import type { Transition } from './runtime/event-object.ts'
import type { KafkaConnection, TopicAdmins } from './reconcile/topic/topic-admin.ts'
import type { KubernetesApi } from './runtime/kubernetes-api.ts'
import type { KubernetesObject, ObjectRef } from '../api/kubernetes.ts'
import type { Watcher, WatchTarget } from './runtime/watcher.ts'

/** Everything that an operator needs besides its options. The real ones are made in adapters.ts. */
export interface OperatorAdapters {
  readonly api: KubernetesApi
  readonly createWatcher: (target: WatchTarget) => Watcher
  readonly admins: TopicAdmins
  /**
   * Returns the connection to the Kafka of the operator's options, with the operator's own credentials. Null: the options name no Kafka.
   */
  readonly ownConnection: () => KafkaConnection | null
  /** The Lease that the leader holds. Other operators and people recognise this operator by it. */
  readonly lease: ObjectRef
  /** The one class of an operator that does not read the classes of the cluster (CLASS_FILE). Null: the operator reads them. */
  readonly onlyClass: ChannelClass | null
  /** Writes an Event. Never fails. */
  readonly record: (regarding: KubernetesObject, transition: Transition) => void
  /** Returns true while this process may write. Checked before each write. */
  readonly mayWrite: () => boolean
  /** True: plans are printed, and nothing is written. */
  readonly isDryRun: boolean
  /** Prints a line to standard output. */
  readonly print: (line: string) => void
  /** Name of this process in the Events of previews. */
  readonly identity: string
  readonly metrics: OperatorMetrics
  readonly logger: Logger
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
}
