import type { KubernetesObject, ObjectRef } from './kubernetes.ts'

/** Returns the place of an object. The namespace of a cluster-wide object is ''. */
export function refOf({ metadata }: { readonly metadata: Pick<KubernetesObject['metadata'], 'name' | 'namespace'> }): ObjectRef {
  return { namespace: metadata.namespace ?? '', name: metadata.name }
}

/** Returns a key that is unique, because names of objects have no slash. */
export function keyOf({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`
}

/** Removes duplicates. Keeps the order of the first occurrences. */
export function uniqueRefs(refs: readonly ObjectRef[]): readonly ObjectRef[] {
  return [...new Map(refs.map((ref) => [keyOf(ref), ref])).values()]
}
