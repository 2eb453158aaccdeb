import { controlTopicOf, deadLetterTopicOf, topicNameOf, upstreamTopicOf, type Named } from '../../../api/v1alpha1/channel-names.ts'

/** Uses of a topic by a channel, in the order in which topics are planned. `topic`: its events. Each use has a record of this name in the status. */
export const topicUses = ['topic', 'deadLetters', 'upstream', 'control'] as const

export type TopicUse = (typeof topicUses)[number]

/** Uses besides the events: topics that a channel has beside its own. */
export const sideUses = ['deadLetters', 'upstream', 'control'] as const satisfies readonly TopicUse[]

export type SideUse = (typeof sideUses)[number]

/** Words for a use in messages, Events and descriptions. */
interface UseWords {
  /** Noun without an article. */
  readonly noun: string
  /** Field that names the topic. */
  readonly field: string
  /** Section of the spec with its shape. */
  readonly section: string
  readonly maxLength: number
  /** Beginning of the remedy for a topic of another owner that differs from what the channel asks for. */
  readonly remedy: string
  /** Reasons of the Events about a creation. */
  readonly created: string
  readonly recreated: string
}

export const wordsOfUses = {
  topic: {
    noun: 'topic',
    field: 'spec.topic.name of a new channel',
    section: 'spec.topic',
    maxLength: 240,
    remedy: 'Set spec.topic to what the topic has',
    created: 'TopicCreated',
    recreated: 'TopicRecreated',
  },
  deadLetters: {
    noun: 'dead letter topic',
    field: 'spec.topic.deadLetters.name',
    section: 'spec.topic.deadLetters',
    maxLength: 249,
    remedy: 'Set spec.topic to what the topic has',
    created: 'DeadLetterTopicCreated',
    recreated: 'DeadLetterTopicRecreated',
  },
  upstream: {
    noun: 'upstream topic',
    field: 'spec.upstream.topic.name',
    section: 'spec.upstream.topic',
    maxLength: 249,
    remedy: 'Set spec.upstream.topic to what the topic has',
    created: 'UpstreamTopicCreated',
    recreated: 'UpstreamTopicRecreated',
  },
  control: {
    noun: 'control topic',
    field: 'spec.topic.control.name',
    section: 'spec.topic.control',
    maxLength: 249,
    remedy: 'Set another name in spec.topic.control.name',
    created: 'ControlTopicCreated',
    recreated: 'ControlTopicRecreated',
  },
} as const satisfies Record<TopicUse, UseWords>

/** Returns whether gateways start only when the topic exists: its id or its records are part of their start. */
export const isAwaitedUse = (use: TopicUse): boolean => use !== 'deadLetters'

/** Returns the topic that a channel asks for; null when it wants none for this use. */
export function wantedName(use: TopicUse, channel: Named): string | null {
  return namesOfUses[use](channel)
}

const namesOfUses: Readonly<Record<TopicUse, (channel: Named) => string | null>> = {
  topic: topicNameOf,
  deadLetters: deadLetterTopicOf,
  upstream: upstreamTopicOf,
  control: controlTopicOf,
}

/** Returns a value for each use. */
export function perUse<T>(make: (use: TopicUse) => T): Readonly<Record<TopicUse, T>> {
  // The entries are exactly the uses.
  return Object.fromEntries(topicUses.map((use) => [use, make(use)])) as Record<TopicUse, T>
}

/** Returns a value for each use besides the events. */
export function perSideUse<T>(make: (use: SideUse) => T): Readonly<Record<SideUse, T>> {
  // The entries are exactly the uses.
  return Object.fromEntries(sideUses.map((use) => [use, make(use)])) as Record<SideUse, T>
}

/** Returns the use of a topic that an action creates or changes. */
export const useOf = ({ use = 'topic' }: { readonly use?: TopicUse }): TopicUse => use
