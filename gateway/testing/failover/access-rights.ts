import kafkajs, { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes, type AclEntry } from 'kafkajs'

/** The rights of docs/kafka.md, "Access". */
export type Right = 'topic Read' | 'topic Write' | 'dead letter topic Write' | 'group Read' | 'transactional id Write'

export interface Named {
  readonly clientId: string
  readonly topic: string
}

interface Resource {
  readonly type: AclResourceTypes
  readonly pattern: ResourcePatternTypes
  readonly name: (named: Named) => string
}

const resources: Readonly<Record<'topic' | 'deadLetterTopic' | 'group' | 'transactionalId', Resource>> = {
  topic: { type: AclResourceTypes.TOPIC, pattern: ResourcePatternTypes.LITERAL, name: ({ topic }) => topic },
  deadLetterTopic: { type: AclResourceTypes.TOPIC, pattern: ResourcePatternTypes.LITERAL, name: ({ topic }) => `${topic}.dlq` },
  group: { type: AclResourceTypes.GROUP, pattern: ResourcePatternTypes.LITERAL, name: ({ clientId, topic }) => `${clientId}.${topic}.dlq` },
  transactionalId: {
    type: AclResourceTypes.TRANSACTIONAL_ID,
    pattern: ResourcePatternTypes.PREFIXED,
    name: ({ clientId, topic }) => `${clientId}.${topic}.dlq.`,
  },
}

const rights: Readonly<Record<Right, readonly [Resource, AclOperationTypes]>> = {
  'topic Read': [resources.topic, AclOperationTypes.READ],
  'topic Write': [resources.topic, AclOperationTypes.WRITE],
  'dead letter topic Write': [resources.deadLetterTopic, AclOperationTypes.WRITE],
  'group Read': [resources.group, AclOperationTypes.READ],
  'transactional id Write': [resources.transactionalId, AclOperationTypes.WRITE],
}

export const allRights = Object.keys(rights) as readonly Right[] // the keys of the table are its type's

/** Name that a log line must contain when this right is missing. */
export const resourceOf = (right: Right, named: Named): string => rights[right][0].name(named)

export interface AccessRights {
  /** Grants every right of the documented table, with Describe, except those that are left out. */
  grant(named: Named, without?: Right): Promise<void>
  give(right: Right, named: Named): Promise<void>
  take(right: Right, named: Named): Promise<void>
}

/**
 * Grants and removes rights of one user.
 * @param brokers a listener whose user may do so
 */
export function createAccessRights(brokers: readonly string[], user: string): AccessRights {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], clientId: 'rights', logLevel: kafkajs.logLevel.NOTHING })
  const principal = `User:${user}`
  const entry = ({ type, pattern, name }: Resource, operation: AclOperationTypes, named: Named): AclEntry => ({
    resourceType: type,
    resourceName: name(named),
    resourcePatternType: pattern,
    principal,
    host: '*',
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  })
  const withAdmin = async (use: (admin: kafkajs.Admin) => Promise<unknown>): Promise<void> => {
    const admin = kafka.admin()
    await admin.connect()
    try {
      await use(admin)
    } finally {
      await admin.disconnect()
    }
  }
  return {
    grant: (named, without) => {
      const described = Object.values(resources).map((resource) => entry(resource, AclOperationTypes.DESCRIBE, named))
      const granted = allRights.filter((right) => right !== without).map((right) => entry(...rights[right], named))
      return withAdmin((admin) => admin.createAcls({ acl: [...described, ...granted] }))
    },
    give: (right, named) => withAdmin((admin) => admin.createAcls({ acl: [entry(...rights[right], named)] })),
    take: (right, named) => withAdmin((admin) => admin.deleteAcls({ filters: [entry(...rights[right], named)] })),
  }
}
