import { labelsOf, segmentsOf, type RoutePlace } from './place.ts'

/** Entry with a place. The object itself is the key: `add` and `remove` take the same object. */
export interface Placed {
  readonly place: RoutePlace
}

/** Relation of a found place to the given one. overlapping: they share an address. within: every path of the found place is one of the given place. */
export type Relation = 'overlapping' | 'within'

/**
 * Places on hosts, found by the addresses that they share.
 *
 * The naive way is to compare each place with every other: 5,000 channels make 50 million comparisons at a start. Comparison by equality is fast and wrong,
 * because the longest prefix wins: a channel with a path below another channel's path gets its requests.
 *
 * Here hosts are a tree by their labels from the right, and the paths of each host are a tree by segments. A place that shares addresses with another lies on
 * the way down to it, or below it. A search costs the length of the place plus its results.
 */
export interface RouteIndex<Entry extends Placed> {
  add(entry: Entry): void
  /** Does nothing for an unknown entry. */
  remove(entry: Entry): void
  find(place: RoutePlace, relation: Relation): Iterable<Entry>
}

interface HostNode<Entry extends Placed> {
  readonly below: Map<string, HostNode<Entry>>
  /** Paths of the name itself. */
  readonly exact: PathNode<Entry>
  /** Paths of the wildcard for every name below. */
  readonly wildcard: PathNode<Entry>
}

interface PathNode<Entry extends Placed> {
  readonly below: Map<string, PathNode<Entry>>
  readonly entries: Set<Entry>
}

export function createRouteIndex<Entry extends Placed>(): RouteIndex<Entry> {
  const root = newHost<Entry>()
  return {
    add(entry) {
      const { labels, isWildcard } = labelsOf(entry.place.host)
      const host = labels.reduce((node, label) => childOf(node.below, label, newHost<Entry>), root)
      const path = segmentsOf(entry.place.path).reduce(
        (node, segment) => childOf(node.below, segment, newPath<Entry>),
        isWildcard ? host.wildcard : host.exact,
      )
      path.entries.add(entry)
    },
    remove(entry) {
      const { labels, isWildcard } = labelsOf(entry.place.host)
      removeHost(root, labels, (host) => removePath(isWildcard ? host.wildcard : host.exact, segmentsOf(entry.place.path), entry))
    },
    *find(place, relation) {
      const segments = segmentsOf(place.path)
      for (const paths of hostsAt(root, place.host)) yield* pathsAt(paths, segments, place.match, relation)
    },
  }
}

const newPath = <Entry extends Placed>(): PathNode<Entry> => ({ below: new Map(), entries: new Set() })
const newHost = <Entry extends Placed>(): HostNode<Entry> => ({ below: new Map(), exact: newPath(), wildcard: newPath() })

function childOf<Node>(below: Map<string, Node>, key: string, make: () => Node): Node {
  const child = below.get(key) ?? make()
  below.set(key, child)
  return child
}

/** Returns the paths of every host that shares names with this one. */
function* hostsAt<Entry extends Placed>(root: HostNode<Entry>, host: string): Iterable<PathNode<Entry>> {
  const { labels, isWildcard } = labelsOf(host)
  let node: HostNode<Entry> | undefined = root
  for (const label of labels) {
    yield node.wildcard
    node = node.below.get(label)
    if (node === undefined) return
  }
  if (!isWildcard) {
    yield node.exact
    return
  }
  yield node.wildcard
  for (const child of node.below.values()) yield* everyHost(child)
}

function* everyHost<Entry extends Placed>({ exact, wildcard, below }: HostNode<Entry>): Iterable<PathNode<Entry>> {
  yield exact
  yield wildcard
  for (const child of below.values()) yield* everyHost(child)
}

function* pathsAt<Entry extends Placed>(
  paths: PathNode<Entry>,
  segments: readonly string[],
  match: RoutePlace['match'],
  relation: Relation,
): Iterable<Entry> {
  let node: PathNode<Entry> | undefined = paths
  for (const segment of segments) {
    if (relation === 'overlapping') yield* [...node.entries].filter(({ place }) => place.match === 'Prefix')
    node = node.below.get(segment)
    if (node === undefined) return
  }
  // A prefix has more addresses than the exact path at its end. It shares one with that path, and is not within it.
  if (match === 'Prefix') yield* everyPath(node)
  else yield* [...node.entries].filter(({ place }) => relation === 'overlapping' || place.match === 'Exact')
}

function* everyPath<Entry extends Placed>({ entries, below }: PathNode<Entry>): Iterable<Entry> {
  yield* entries
  for (const child of below.values()) yield* everyPath(child)
}

/** @returns whether the node is empty and can be dropped */
function removeHost<Entry extends Placed>(
  node: HostNode<Entry>,
  [label, ...labels]: readonly string[],
  removeHere: (host: HostNode<Entry>) => void,
): boolean {
  if (label === undefined) removeHere(node)
  const child = label === undefined ? undefined : node.below.get(label)
  if (label !== undefined && child !== undefined && removeHost(child, labels, removeHere)) node.below.delete(label)
  return node.below.size === 0 && isEmpty(node.exact) && isEmpty(node.wildcard)
}

/** @returns whether the node is empty */
function removePath<Entry extends Placed>(node: PathNode<Entry>, [segment, ...segments]: readonly string[], entry: Entry): boolean {
  if (segment === undefined) node.entries.delete(entry)
  const child = segment === undefined ? undefined : node.below.get(segment)
  if (segment !== undefined && child !== undefined && removePath(child, segments, entry)) node.below.delete(segment)
  return isEmpty(node)
}

const isEmpty = <Entry extends Placed>({ below, entries }: PathNode<Entry>): boolean => below.size === 0 && entries.size === 0
