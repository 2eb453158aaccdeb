/** Kind of object, as the API server's paths name it. */
export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  /** Name in paths: `realtimechannels`. */
  readonly plural: string
  readonly kind: string
  readonly isNamespaced: boolean
}

/** Place of one object among those of its type. */
export interface ObjectRef {
  /** Empty for objects of the cluster. */
  readonly namespace: string
  readonly name: string
}

/** Object of the API server as plain JSON, with no field renamed or dropped. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly [field: string]: unknown
}

export interface ObjectMeta {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  /** RFC 3339. */
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
  readonly ownerReferences?: readonly OwnerReference[]
  readonly managedFields?: readonly ManagedFieldsEntry[]
}

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

/** Fields that one manager owns: https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers */
export interface ManagedFieldsEntry {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly subresource?: string
  readonly fieldsV1?: Readonly<Record<string, unknown>>
}
