import type { OperandInput } from '../../../cdk8s/operands/operand-input.ts'

/**
 * Returns the times for stopping a pod, which takes these steps:
 *
 *     kubelet: preStop sleep         the pod leaves the EndpointSlices at once, and proxies learn of it during the sleep
 *     kubelet: SIGTERM
 *     gateway: drain                 sessions leave in waves over `drainSeconds`
 *     gateway: publisher, consumer   up to three steps of `stopTimeoutMs` each
 *     kubelet: SIGKILL               after terminationGracePeriodSeconds, counted from the beginning
 *
 * The kubelet waits, and not the gateway (DRAIN_DELAY_MS is 0). During this wait the gateway is ready, and takes the connections that late proxies still send. A
 * gateway that has begun to stop is unready. A second wait would only make every roll-out longer.
 */
export function stoppingOf(drainSeconds: number): OperandInput['stopping'] {
  return {
    preStopSeconds,
    terminationGracePeriodSeconds: preStopSeconds + drainSeconds + Math.ceil((stopSteps * stopTimeoutMs) / 1_000) + marginSeconds,
  }
}

export const preStopSeconds = 5

/** Time limit of the gateway for each step of its stop. A step seldom takes a hundredth of it. */
export const stopTimeoutMs = 5_000

/** Steps of a stop: the public server, the publisher, and all others at once (`stopGateway` in gateway/gateway.ts). */
const stopSteps = 3

const marginSeconds = 5
