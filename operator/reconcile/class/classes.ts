import { failed, ok, type Result } from '../../../program/result.ts'
import { classAnnotations } from '../../../api/v1alpha1/realtime-channel-class.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { WatchHandlers } from '../../runtime/watcher.ts'
import type { ChannelClass } from './channel-class.ts'
import type { ChannelRefusal } from './effective-channel.ts'
import { parseClass, type ParsedClass } from './parse-class.ts'

/** Known classes. */
export interface Classes {
  /** Returns a class, or the reason why the channel gets none. @param name undefined: the channel names none */
  find(name: string | undefined): Result<ChannelClass, ChannelRefusal>
  /** Returns the lists of brokers in the defaults of classes. */
  brokers(): readonly (readonly string[])[]
}

/** Change of a class, by the channels that it may affect. */
export interface ClassChange {
  /** Name of the changed class. */
  readonly name: string
  /** True if channels that name no class are affected, too. */
  readonly isDefault: boolean
}

export interface ClassWatchParts {
  /** Class of channels without one. */
  readonly withoutClass: ChannelClass
  readonly onChange: (change: ClassChange) => void
  /** Called with a class that has unknown fields, or is not understood. */
  readonly warn: (warning: { readonly class: string; readonly reason: string }) => void
}

interface Known {
  readonly fingerprint: string
  readonly isDefault: boolean
  readonly parsed: Result<ParsedClass, string>
}

/** Keeps the classes of the cluster from the events of their watch. There are few, so they are kept whole. */
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
        message: `The RealtimeChannelClass ${name} does not exist. Create it, or set another spec.className. Running pods stay as they are.`,
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

/** Returns the classes of an operator that does not read those of the cluster: one class, which is the default and may be named. */
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

/** Returns a text that changes exactly when the content of the class does. */
function fingerprintOf(object: KubernetesObject): string {
  return JSON.stringify([object.metadata.uid, isDefault(object), object['spec']])
}
