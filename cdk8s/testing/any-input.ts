import fc from 'fast-check'
import type { OperandInput } from '../operands/operand-input.ts'
import { maxChannelNameLength } from '../../api/child-names.ts'
import { operandInput, sampleInputs, specWith } from './operand-inputs.ts'

const name = (maxLength: number) => fc.stringMatching(new RegExp(`^[a-z]([a-z0-9-]{0,${maxLength - 2}}[a-z0-9])?$`))
const words = fc.dictionary(
  fc.constantFrom('tier', 'team', 'app.kubernetes.io/name', 'app.kubernetes.io/instance', 'carillon.dev/channel'),
  name(20),
  { noNullPrototype: true },
)

const gateway = fc.record(
  {
    podLabels: words,
    podAnnotations: words,
    nodeSelector: words,
    tolerations: fc.array(words, { maxLength: 2 }),
    drainSeconds: fc.nat(600),
  },
  { requiredKeys: [], noNullPrototype: true },
)
const route = fc.record(
  { type: fc.constantFrom('None', 'Ingress', 'HTTPRoute'), host: fc.constant('live.example.com'), labels: words, annotations: words },
  { noNullPrototype: true },
)

/** Inputs that an operator could hand over. */
export const anyInput: fc.Arbitrary<OperandInput> = fc
  .record({
    sample: fc.constantFrom(...Object.values(sampleInputs)),
    channel: fc.record({ name: name(maxChannelNameLength), namespace: name(20), uid: fc.uuid() }),
    gateway,
    route,
    scaling: fc.oneof(
      fc.record({ kind: fc.constant('fixed' as const), replicas: fc.nat(1000) }),
      fc.constant({ kind: 'handed-over' as const }),
    ),
  })
  .map(({ sample, channel, scaling, ...spec }) =>
    operandInput({ ...sample, channel, scaling, spec: { ...sample.spec, ...specWith({ gateway: spec.gateway, route: spec.route }) } }),
  )
