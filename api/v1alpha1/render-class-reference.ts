import { classSchema } from './class-crd.ts'
import { classExample, minimalExample, smallClassExample } from './examples.ts'
import { classAnnotations, classSpecSchema } from './realtime-channel-class.ts'
import { apiVersion } from './realtime-channel.ts'
import { renderSection, yaml } from './render-reference.ts'

/** docs/reference/realtimechannelclass.md, without the line that says that it is generated. */
export function renderClassReference(): string {
  const { allowed, defaults } = classSpecSchema.properties
  return (
    [
      introduction,
      '## A class, and a channel of it',
      yaml(smallClassExample),
      yaml({ ...minimalExample, metadata: { name: 'news' }, spec: {} }),
      `## spec.defaults\n\n${defaults.description} [realtimechannel.md](realtimechannel.md) lists the fields. A class cannot give \`className\`, \`topic.name\` or \`gateway.replicas\`. In \`route.host\` and \`route.paths\`, NAMESPACE and NAME are replaced by those of the channel.`,
      renderSection('spec.allowed', allowed),
      '## Everything',
      yaml(classExample),
    ].join('\n\n') + '\n'
  )
}

const introduction = `# RealtimeChannelClass

\`${apiVersion}\`, kind \`RealtimeChannelClass\`, of the cluster; \`kubectl get rtcc\`, \`kubectl explain rtcc.spec --recursive\`. ${classSchema.description}

A channel names its class in \`spec.className\`. Channels that name none have the class with the annotation \`${classAnnotations.isDefault}: "true"\`. [classes.md](../classes.md) says how
values are merged, what is refused, and where a refusal is shown.

In the table, a field in **bold** is required where its section is given; \`[]\` stands for each item of a list, \`*\` for any key. Defaults are not written into the class.`
