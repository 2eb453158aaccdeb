// Command producers writes records to Kafka with the clients of the Go world. The argument names the client, standard input holds the plan.
package main

import (
	"fmt"
	"os"
)

func main() {
	clients := map[string]func(*plan){
		"franz-go":              franz,
		"franz-go-transactions": franzTransactions,
		"kafka-go":              kafkaGo,
		"sarama":                saramaCases,
		"cloudevents":           cloudEvents,
	}
	if len(os.Args) != 2 || clients[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: producers franz-go|franz-go-transactions|kafka-go|sarama|cloudevents <plan.json")
		os.Exit(2)
	}
	clients[os.Args[1]](readPlan())
}
