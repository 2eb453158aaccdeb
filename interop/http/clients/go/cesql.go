package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	cesqlerrors "github.com/cloudevents/sdk-go/sql/v2/errors"
	"github.com/cloudevents/sdk-go/sql/v2/parser"
	"github.com/cloudevents/sdk-go/v2/event"
	"sigs.k8s.io/yaml"
)

type cesqlCase struct {
	File           string         `json:"file"`
	Name           string         `json:"name"`
	Expression     string         `json:"expression"`
	Result         any            `json:"result"`
	Error          string         `json:"error"`
	Event          map[string]any `json:"event"`
	EventOverrides map[string]any `json:"eventOverrides"`
}

// conformanceCases prints the conformance tests of CloudEvents SQL. The argument is their folder.
func conformanceCases(arguments []string) error {
	if len(arguments) != 1 {
		return errors.New("usage: clients cesql-cases FOLDER")
	}
	files, err := filepath.Glob(filepath.Join(arguments[0], "*.yaml"))
	if err != nil {
		return err
	}
	sort.Strings(files)
	cases := []cesqlCase{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var read struct{ Tests []cesqlCase }
		if err := yaml.Unmarshal(text, &read); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, each := range read.Tests {
			each.File = filepath.Base(file)
			cases = append(cases, each)
		}
	}
	write("cases", cases)
	return nil
}

type cesqlResult struct {
	Value any    `json:"value"`
	Error string `json:"error"`
}

// evaluateCases evaluates the expressions of standard input, a JSON array of cases with whole events, and prints the results.
func evaluateCases(_ []string) error {
	var cases []cesqlCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		return err
	}
	results := make([]cesqlResult, len(cases))
	for index, each := range cases {
		results[index] = evaluateCase(each)
	}
	write("results", results)
	return nil
}

func evaluateCase(each cesqlCase) cesqlResult {
	expression, err := parser.Parse(each.Expression)
	if err != nil {
		return cesqlResult{Error: "parse"}
	}
	text, err := json.Marshal(each.Event)
	if err != nil {
		return cesqlResult{Error: err.Error()}
	}
	var given event.Event
	if err := json.Unmarshal(text, &given); err != nil {
		return cesqlResult{Error: err.Error()}
	}
	value, err := expression.Evaluate(given)
	return cesqlResult{Value: value, Error: kindOf(err)}
}

func kindOf(err error) string {
	switch {
	case err == nil:
		return ""
	case cesqlerrors.IsMathError(err):
		return "math"
	case cesqlerrors.IsCastError(err):
		return "cast"
	case cesqlerrors.IsMissingAttributeError(err):
		return "missingAttribute"
	case cesqlerrors.IsMissingFunctionError(err):
		return "missingFunction"
	case cesqlerrors.IsFunctionEvaluationError(err):
		return "functionEvaluation"
	}
	return "generic"
}
