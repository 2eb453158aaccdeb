import { failed, ok, type Result } from '../../../program/result.ts'
import type { RealtimeChannel, WrittenChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ResourceType } from '../../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'
import type { TopicRules } from '../topic/name-rules.ts'
import { type ChannelClass, noTopicRules, topicRulesOf } from './channel-class.ts'
import type { Classes } from './classes.ts'
import { effectiveSpec, type ChannelRefusal } from './effective-channel.ts'
import { expandNames, resolveChannel, type ResolveParts } from './resolve-channel.ts'

/** A channel with what its class fills in, and what it may do. */
export interface ResolvedChannel {
  readonly channel: RealtimeChannel
  readonly className: string | null
  readonly topicRules: TopicRules
  /** Brokers of the channel, of its class, or of the operator's options. */
  readonly brokers: readonly string[]
}

export interface ChannelResolver {
  /**
   * Resolves a channel without a request. A class may choose namespaces by their labels; the labels that were read last decide.
   * @param unread decision for a namespace whose labels were never read
   */
  resolveKnown(written: WrittenChannel, unread: 'allowed' | 'refused'): Result<ResolvedChannel, ChannelRefusal>
  /**
   * Resolves a channel. A class that chooses namespaces costs one read.
   * @returns an error when the labels of the namespace could not be read; the channel is not allowed for that
   */
  resolve(written: WrittenChannel): Promise<Result<Result<ResolvedChannel, ChannelRefusal>, ApiError>>
  /**
   * Resolves a channel that is being deleted. Problems of the channel do not stop its deletion. If its class is unknown or does not allow it, the operator
   * carries out only the deletion. It asks no brokers, and the topic stays.
   * @returns an error when the API server did not say which namespaces the class is for. The deletion then waits, so that no topic is left behind
   */
  resolveAtEnd(written: WrittenChannel): Promise<Result<ResolvedChannel, ApiError>>
}

export interface ChannelResolverParts extends ResolveParts {
  readonly api: Pick<KubernetesApi, 'get'>
  readonly classes: Classes
}

const namespaceType: ResourceType = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false }

function forbidden({ metadata }: WrittenChannel, { name }: ChannelClass): ChannelRefusal {
  return {
    reason: 'Forbidden',
    message: `The class ${name} is only for some namespaces, and the operator is not allowed to read the labels of ${metadata.namespace}. Grant it get on that namespace (docs/rbac.md), or remove spec.allowed.namespaces from the class.`,
  }
}

function notRead({ metadata }: WrittenChannel, { name }: ChannelClass): ChannelRefusal {
  return {
    reason: 'NotAllowedByClass',
    message: `The class ${name} is only for some namespaces, and the labels of ${metadata.namespace} have not been read yet.`,
  }
}

type Labels = Readonly<Record<string, string>>

/** More namespaces than a cluster has. Dropped labels are read again with the next channel of the namespace. */
export const maxNamespaces = 10_000

export function createChannelResolver({ api, classes, ...parts }: ChannelResolverParts): ChannelResolver {
  /** Last labels that were read, by namespace. */
  const known = new Map<string, Labels>()

  function remember(namespace: string, labels: Labels): void {
    known.delete(namespace)
    known.set(namespace, labels)
    const [oldest] = known.keys()
    if (known.size > maxNamespaces && oldest !== undefined) known.delete(oldest)
  }

  function resolved(channel: RealtimeChannel, className: string | null, topicRules: TopicRules): ResolvedChannel {
    return { channel, className, topicRules, brokers: channel.spec.kafka.bootstrapServers ?? parts.brokers }
  }

  /** @param labels null: the namespace is allowed without a check */
  function resolveBy(written: WrittenChannel, of: ChannelClass, labels: Labels | null): Result<ResolvedChannel, ChannelRefusal> {
    const asked = labels === null ? { ...of, bounds: { ...of.bounds, namespaces: null } } : of
    const channel = resolveChannel(written, asked, labels ?? {}, parts)
    return channel.ok ? ok(resolved(channel.value, of.name, topicRulesOf(of))) : channel
  }

  async function resolve(written: WrittenChannel): Promise<Result<Result<ResolvedChannel, ChannelRefusal>, ApiError>> {
    const found = classes.find(written.spec.className)
    if (!found.ok) return ok(found)
    if (found.value.bounds.namespaces === null) return ok(resolveBy(written, found.value, null))
    const name = written.metadata.namespace ?? ''
    const namespace = await api.get(namespaceType, { namespace: '', name })
    if (namespace.ok) {
      const { labels = {} } = namespace.value.metadata
      remember(name, labels)
      return ok(resolveBy(written, found.value, labels))
    }
    if (namespace.error.kind !== 'forbidden') return failed(namespace.error)
    // A retry would not grant the right, and would show nothing. The condition of the channel says what is missing.
    known.delete(name)
    return ok(failed(forbidden(written, found.value)))
  }

  return {
    resolveKnown(written, unread) {
      const found = classes.find(written.spec.className)
      if (!found.ok) return found
      const labels = known.get(written.metadata.namespace ?? '')
      if (found.value.bounds.namespaces !== null && labels === undefined && unread === 'refused')
        return failed(notRead(written, found.value))
      return resolveBy(written, found.value, labels ?? null)
    },
    resolve,
    async resolveAtEnd(written) {
      const outcome = await resolve(written)
      if (outcome.ok && outcome.value.ok) return ok(outcome.value.value)
      if (!outcome.ok && outcome.error.kind !== 'not-found') return outcome
      const found = classes.find(written.spec.className)
      const defaults = found.ok ? expandNames(found.value.defaults, written) : {}
      return ok(resolved({ ...written, spec: effectiveSpec(written.spec, defaults) }, found.ok ? found.value.name : null, noTopicRules))
    },
  }
}
