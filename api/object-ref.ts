import type { KubernetesObject, ObjectRef } from './kubernetes.ts'

/** Where an object is; an object of the whole cluster has no namespace, which is ''. */
export function refOf({ metadata }: { readonly metadata: Pick<KubernetesObject['metadata'], 'name' | 'namespace'> }): ObjectRef {
  return { namespace: metadata.namespace ?? '', name: metadata.name }
}

/** Names of objects have no slash. */
export function keyOf({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`
}

/** Each object once, in the order of the first time. */
export function uniqueRefs(refs: readonly ObjectRef[]): readonly ObjectRef[] {
  return [...new Map(refs.map((ref) => [keyOf(ref), ref])).values()]
}
