import { failed, ok, type Result } from '../../../program/result.ts'
import type { RealtimeChannel, WrittenChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ResourceType } from '../../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'
import type { TopicRules } from '../topic/name-rules.ts'
import { type ChannelClass, noTopicRules, topicRulesOf } from './channel-class.ts'
import type { Classes } from './classes.ts'
import { effectiveSpec, type ChannelRefusal } from './effective-channel.ts'
import { expandNames, judgeChannel, type JudgeParts } from './judge-channel.ts'

/** A channel as it holds under its class. */
export interface Held {
  readonly channel: RealtimeChannel
  readonly className: string | null
  readonly topicRules: TopicRules
  /** The brokers of the channel, of its class, or of the operator's options. */
  readonly brokers: readonly string[]
}

export interface ChannelJudge {
  /**
   * What holds by all that is known without asking. Whom a class with a selector of namespaces is for follows from the labels that were read last.
   * @param unread what holds of a namespace whose labels were never read
   */
  atOnce(written: WrittenChannel, unread: 'allowed' | 'refused'): Result<Held, ChannelRefusal>
  /**
   * What holds. A class with a selector of namespaces costs one read.
   * @returns an error when the labels of the namespace could not be read; nobody is let in for that
   */
  judge(written: WrittenChannel): Promise<Result<Result<Held, ChannelRefusal>, ApiError>>
  /**
   * What holds of a channel that is being deleted, which may go whatever is wrong with it. Where its class is unknown, or does not allow it, nothing of
   * it is followed but that: no brokers are asked, and its topic stays.
   * @returns an error when the API server could not say for now whom the class is for: a topic that is to be deleted is not left behind for that
   */
  atItsEnd(written: WrittenChannel): Promise<Result<Held, ApiError>>
}

export interface ChannelJudgeParts extends JudgeParts {
  readonly api: Pick<KubernetesApi, 'get'>
  readonly classes: Classes
}

const namespaceType: ResourceType = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false }

function forbidden({ metadata }: WrittenChannel, { name }: ChannelClass): ChannelRefusal {
  return {
    reason: 'Forbidden',
    message: `The class ${name} is only for some namespaces, and the operator may not read the labels of ${metadata.namespace}. Let it get that namespace (docs/rbac.md), or take spec.allowed.namespaces out of the class.`,
  }
}

function notRead({ metadata }: WrittenChannel, { name }: ChannelClass): ChannelRefusal {
  return {
    reason: 'NotAllowedByClass',
    message: `The class ${name} is only for some namespaces, and the labels of ${metadata.namespace} have not been read yet.`,
  }
}

type Labels = Readonly<Record<string, string>>

/** More namespaces than a cluster has. The labels of one that is dropped are read again with its next channel. */
export const maxNamespaces = 10_000

export function createJudge({ api, classes, ...parts }: ChannelJudgeParts): ChannelJudge {
  /** By namespace, as they were read last. */
  const known = new Map<string, Labels>()

  function remember(namespace: string, labels: Labels): void {
    known.delete(namespace)
    known.set(namespace, labels)
    const [oldest] = known.keys()
    if (known.size > maxNamespaces && oldest !== undefined) known.delete(oldest)
  }

  function hold(channel: RealtimeChannel, className: string | null, topicRules: TopicRules): Held {
    return { channel, className, topicRules, brokers: channel.spec.kafka.bootstrapServers ?? parts.brokers }
  }

  /** @param labels null: not asked for */
  function judgeBy(written: WrittenChannel, of: ChannelClass, labels: Labels | null): Result<Held, ChannelRefusal> {
    const asked = labels === null ? { ...of, bounds: { ...of.bounds, namespaces: null } } : of
    const channel = judgeChannel(written, asked, labels ?? {}, parts)
    return channel.ok ? ok(hold(channel.value, of.name, topicRulesOf(of))) : channel
  }

  async function judge(written: WrittenChannel): Promise<Result<Result<Held, ChannelRefusal>, ApiError>> {
    const found = classes.find(written.spec.className)
    if (!found.ok) return ok(found)
    if (found.value.bounds.namespaces === null) return ok(judgeBy(written, found.value, null))
    const name = written.metadata.namespace ?? ''
    const namespace = await api.get(namespaceType, { namespace: '', name })
    if (namespace.ok) {
      const { labels = {} } = namespace.value.metadata
      remember(name, labels)
      return ok(judgeBy(written, found.value, labels))
    }
    if (namespace.error.kind !== 'forbidden') return failed(namespace.error)
    // No retry makes a right, and nobody would see one: the channel says what is missing.
    known.delete(name)
    return ok(failed(forbidden(written, found.value)))
  }

  return {
    atOnce(written, unread) {
      const found = classes.find(written.spec.className)
      if (!found.ok) return found
      const labels = known.get(written.metadata.namespace ?? '')
      if (found.value.bounds.namespaces !== null && labels === undefined && unread === 'refused')
        return failed(notRead(written, found.value))
      return judgeBy(written, found.value, labels ?? null)
    },
    judge,
    async atItsEnd(written) {
      const held = await judge(written)
      if (held.ok && held.value.ok) return ok(held.value.value)
      if (!held.ok && held.error.kind !== 'not-found') return held
      const found = classes.find(written.spec.className)
      const defaults = found.ok ? expandNames(found.value.defaults, written) : {}
      return ok(hold({ ...written, spec: effectiveSpec(written.spec, defaults) }, found.ok ? found.value.name : null, noTopicRules))
    },
  }
}
