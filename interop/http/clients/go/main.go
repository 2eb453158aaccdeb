// Command clients runs one Go client against the gateway. The first argument names the client.
package main

import (
	"fmt"
	"os"
)

func main() {
	clients := map[string]func(arguments []string) error{
		"gorilla":     gorilla,
		"coder":       coder,
		"cloudevents": cloudEvents,
		"batch":       batch,
		"knative":     knative,
		"request":     request,
		"cesql-cases": conformanceCases,
		"cesql":       evaluateCases,
		"receiver":    receiver,
	}
	if len(os.Args) < 2 || clients[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: clients gorilla|coder|cloudevents|batch|knative|request|cesql-cases|cesql|receiver [ARGUMENT...]")
		os.Exit(2)
	}
	if err := clients[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
