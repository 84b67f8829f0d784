// Command schema reads Grafana dashboards strictly, by the schema that Grafana publishes for Go:
// a key that the schema does not know, a wrong type or a kind of panel that it does not know is an
// error. It exits with 1 if there is any.
//
// Overrides of fields are read as the settings that they stand for, one upon the other. The schema
// says nothing of the options of transformations: they are not checked.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	wrong := false
	for _, path := range os.Args[1:] {
		if err := check(path); err != nil {
			fmt.Fprintf(os.Stderr, "error: %s: %v\n", path, err)
			wrong = true
		}
	}
	if wrong || len(os.Args) == 1 {
		os.Exit(1)
	}
}

// check returns what the schema says against the dashboard of this file.
func check(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var read dashboard.Dashboard
	if err := found(read.UnmarshalJSONStrict(raw)); err != nil {
		return err
	}
	var shape struct{ Panels []panel }
	if err := json.Unmarshal(raw, &shape); err != nil {
		return err
	}
	for _, panel := range shape.Panels {
		if err := panel.check(); err != nil {
			return fmt.Errorf("panel %q: %w", panel.Title, err)
		}
	}
	return nil
}

// panel is the part of a panel that the library does not read strictly.
type panel struct {
	Type, Title string
	Targets     []struct{ Datasource struct{ Type string } }
	FieldConfig struct {
		Defaults  map[string]any
		Overrides []struct {
			Properties []struct {
				Id    string
				Value any
			}
		}
	}
}

// check errs for a kind of panel or of query of which the library would read anything, and for
// what the schema says against the settings of fields, those of single fields included.
func (it panel) check() error {
	kind, known := cog.ConfigForPanelcfgVariant(it.Type)
	if !known && it.Type != "row" {
		return fmt.Errorf("the schema does not know the kind %q", it.Type)
	}
	for _, target := range it.Targets {
		if target.Datasource.Type != "prometheus" {
			return errors.New("a query does not name its data source")
		}
	}
	if it.FieldConfig.Defaults == nil {
		return nil
	}
	settings := it.FieldConfig.Defaults
	for _, override := range it.FieldConfig.Overrides {
		for _, property := range override.Properties {
			set(settings, strings.Split(property.Id, "."), property.Value)
		}
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	var read dashboard.FieldConfig
	if err := found(read.UnmarshalJSONStrict(raw)); err != nil {
		return err
	}
	custom, err := json.Marshal(settings["custom"])
	if err != nil || kind.StrictFieldConfigUnmarshaler == nil || settings["custom"] == nil {
		return err
	}
	_, err = kind.StrictFieldConfigUnmarshaler(custom)
	return found(err)
}

// set puts the value of an override, whose id is a path like custom.lineStyle, to its place.
func set(settings map[string]any, path []string, value any) {
	for ; len(path) > 1; path = path[1:] {
		inner, is := settings[path[0]].(map[string]any)
		if !is {
			inner = map[string]any{}
			settings[path[0]] = inner
		}
		settings = inner
	}
	settings[path[0]] = value
}

// found is nil if the library returns an empty list of errors, which it does for what is right.
func found(err error) error {
	var list cog.BuildErrors
	if errors.As(err, &list) && len(list) == 0 {
		return nil
	}
	return err
}
