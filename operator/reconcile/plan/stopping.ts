import type { OperandInput } from '../../../cdk8s/operands/operand-input.ts'

/**
 * How a pod stops, in this order:
 *
 *     kubelet: preStop sleep         the pod is out of the EndpointSlices from the first moment, and proxies learn of it meanwhile
 *     kubelet: SIGTERM
 *     gateway: drain                 sessions leave in waves over `drainSeconds`
 *     gateway: publisher, consumer   up to three steps of `stopTimeoutMs` each
 *     kubelet: SIGKILL               after terminationGracePeriodSeconds, counted from the beginning
 *
 * The waiting is the kubelet's and not the gateway's (DRAIN_DELAY_MS is 0): while it waits, the gateway is ready and takes the connections
 * that late proxies still send, where a gateway that has begun to stop is unready. To wait twice would only make every roll-out longer.
 */
export function stoppingOf(drainSeconds: number): OperandInput['stopping'] {
  return {
    preStopSeconds,
    terminationGracePeriodSeconds: preStopSeconds + drainSeconds + Math.ceil((stopSteps * stopTimeoutMs) / 1_000) + marginSeconds,
  }
}

export const preStopSeconds = 5

/** What the gateway is told for each step of its end. A step seldom takes a hundredth of it. */
export const stopTimeoutMs = 5_000

/** The public server, the publisher, and all others at once: `stopGateway` in gateway/gateway.ts. */
const stopSteps = 3

const marginSeconds = 5
