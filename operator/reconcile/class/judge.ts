import { failed, ok, type Result } from '../../../gateway/result.ts'
import type { RealtimeChannel, WrittenChannel } from '../../api/v1alpha1/realtime-channel.ts'
import type { ApiError, KubernetesApi, ResourceType } from '../../runtime/kubernetes-api.ts'
import type { TopicRules } from '../topic-rules.ts'
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
  /** What holds by all that is known without asking: it takes the namespace of a channel to be one that the class is for. */
  atOnce(written: WrittenChannel): Result<Held, ChannelRefusal>
  /**
   * What holds. A class with a selector of namespaces costs one read.
   * @returns an error when the labels of the namespace could not be read; nobody is let in for that
   */
  judge(written: WrittenChannel): Promise<Result<Result<Held, ChannelRefusal>, ApiError>>
  /**
   * What holds of a channel that is being deleted, which may go whatever is wrong with it. Where its class is unknown, or does not allow it, nothing of
   * it is followed but that: no brokers are asked, and its topic stays.
   */
  atItsEnd(written: WrittenChannel): Held
}

export interface ChannelJudgeParts extends JudgeParts {
  readonly api: Pick<KubernetesApi, 'get'>
  readonly classes: Classes
}

const namespaceType: ResourceType = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false }

function forbidden({ metadata }: WrittenChannel, { name }: ChannelClass): ChannelRefusal {
  return { reason: 'Forbidden', message: `The class ${name} is only for some namespaces, and the operator may not read the labels of ${metadata.namespace}. Let it get that namespace (docs/rbac.md), or take spec.allowed.namespaces out of the class.` }
}

export function createJudge({ api, classes, ...parts }: ChannelJudgeParts): ChannelJudge {
  function hold(channel: RealtimeChannel, className: string | null, topicRules: TopicRules): Held {
    return { channel, className, topicRules, brokers: channel.spec.kafka.bootstrapServers ?? parts.brokers }
  }

  /** @param labels null: not asked for */
  function judge(written: WrittenChannel, of: ChannelClass, labels: Readonly<Record<string, string>> | null): Result<Held, ChannelRefusal> {
    const asked = labels === null ? { ...of, bounds: { ...of.bounds, namespaces: null } } : of
    const channel = judgeChannel(written, asked, labels ?? {}, parts)
    return channel.ok ? ok(hold(channel.value, of.name, topicRulesOf(of))) : channel
  }

  function atOnce(written: WrittenChannel): Result<Held, ChannelRefusal> {
    const found = classes.find(written.spec.className)
    return found.ok ? judge(written, found.value, null) : found
  }

  return {
    atOnce,
    async judge(written) {
      const found = classes.find(written.spec.className)
      if (!found.ok) return ok(found)
      if (found.value.bounds.namespaces === null) return ok(judge(written, found.value, null))
      const namespace = await api.get(namespaceType, { namespace: '', name: written.metadata.namespace ?? '' })
      if (namespace.ok) return ok(judge(written, found.value, namespace.value.metadata.labels ?? {}))
      // No retry makes a right, and nobody would see one: the channel says what is missing.
      return namespace.error.kind === 'forbidden' ? ok(failed(forbidden(written, found.value))) : failed(namespace.error)
    },
    atItsEnd(written) {
      const found = classes.find(written.spec.className)
      const defaults = found.ok ? expandNames(found.value.defaults, written) : {}
      const topicRules = found.ok && atOnce(written).ok ? topicRulesOf(found.value) : noTopicRules
      return hold({ ...written, spec: effectiveSpec(written.spec, defaults) }, found.ok ? found.value.name : null, topicRules)
    },
  }
}
