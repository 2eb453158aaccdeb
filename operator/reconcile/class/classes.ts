import { failed, ok, type Result } from '../../../program/result.ts'
import { classAnnotations } from '../../../api/v1alpha1/realtime-channel-class.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { WatchHandlers } from '../../runtime/watcher.ts'
import type { ChannelClass } from './channel-class.ts'
import type { ChannelRefusal } from './effective-channel.ts'
import { parseClass, type ParsedClass } from './parse-class.ts'

/** The classes that there are. */
export interface Classes {
  /** @param name undefined: the channel names none. @returns why no class is to be had */
  find(name: string | undefined): Result<ChannelClass, ChannelRefusal>
  /** The brokers that classes give, each list of them. */
  brokers(): readonly (readonly string[])[]
}

/** Which channels a change of classes may concern. */
export interface ClassChange {
  /** Channels that name this class. */
  readonly name: string
  /** Channels that name no class, too. */
  readonly isDefault: boolean
}

export interface ClassWatchParts {
  /** What holds where there is no class. */
  readonly withoutClass: ChannelClass
  readonly onChange: (change: ClassChange) => void
  /** A class has fields that this operator does not know, or is not understood. */
  readonly warn: (warning: { readonly class: string; readonly reason: string }) => void
}

interface Known {
  readonly fingerprint: string
  readonly isDefault: boolean
  readonly parsed: Result<ParsedClass, string>
}

/** Keeps the classes of the cluster, as their watch tells of them. There are few, so that they are kept whole. */
export function createClassWatch({ withoutClass, onChange, warn }: ClassWatchParts): Classes & { readonly handlers: WatchHandlers } {
  const classes = new Map<string, Known>()

  function upsert(object: KubernetesObject): void {
    const { name } = object.metadata
    const before = classes.get(name)
    const known: Known = { fingerprint: fingerprintOf(object), isDefault: isDefault(object), parsed: parseClass(object) }
    if (before?.fingerprint === known.fingerprint) return
    classes.set(name, known)
    if (!known.parsed.ok) warn({ class: name, reason: known.parsed.error })
    else if (known.parsed.value.unknownFields.length > 0)
      warn({ class: name, reason: `fields that this operator does not know are ignored: ${known.parsed.value.unknownFields.join(', ')}` })
    onChange({ name, isDefault: known.isDefault || before?.isDefault === true })
  }

  function find(name: string): Result<ChannelClass, ChannelRefusal> {
    const known = classes.get(name)
    if (known === undefined)
      return failed({
        reason: 'ClassNotFound',
        message: `There is no RealtimeChannelClass ${name}. Create it, or set another spec.className. Pods that run go on as they are.`,
      })
    if (!known.parsed.ok)
      return failed({ reason: 'ClassInvalid', message: `The RealtimeChannelClass ${name} cannot be used. ${known.parsed.error}` })
    return ok(known.parsed.value.class)
  }

  function findDefault(): Result<ChannelClass, ChannelRefusal> {
    const names = [...classes]
      .filter(([, known]) => known.isDefault)
      .map(([name]) => name)
      .toSorted()
    const [first, second] = names
    if (first === undefined) return ok(withoutClass)
    if (second === undefined) return find(first)
    return failed({
      reason: 'DefaultClassAmbiguous',
      message: `${names.length} classes are the default one: ${names.join(', ')}. Take the annotation ${classAnnotations.isDefault} from all but one, or set spec.className.`,
    })
  }

  return {
    handlers: {
      onUpsert: upsert,
      onDelete({ name }) {
        const before = classes.get(name)
        classes.delete(name)
        if (before !== undefined) onChange({ name, isDefault: before.isDefault })
      },
    },
    find: (name) => (name === undefined ? findDefault() : find(name)),
    brokers: () => [...classes.values()].flatMap(({ parsed }) => (parsed.ok ? brokersOf(parsed.value.class) : [])),
  }
}

/** The one class of an operator that does not read those of the cluster: it is the default one, and channels may name it. */
export function createOneClass(only: ChannelClass): Classes {
  return {
    find(name) {
      if (name === undefined || name === only.name) return ok(only)
      return failed({
        reason: 'ClassNotFound',
        message: `There is no class ${name}: this operator has one class, ${only.name}, from its options (CLASS_FILE). Take spec.className out, or set it to ${only.name}.`,
      })
    },
    brokers: () => brokersOf(only),
  }
}

function brokersOf({ defaults }: ChannelClass): readonly (readonly string[])[] {
  const brokers = defaults.kafka?.bootstrapServers
  return brokers === undefined ? [] : [brokers]
}

function isDefault({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.[classAnnotations.isDefault] === 'true'
}

/** Changes exactly when what a class says does. */
function fingerprintOf(object: KubernetesObject): string {
  return JSON.stringify([object.metadata.uid, isDefault(object), object['spec']])
}
