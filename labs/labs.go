// Package labs finds the labs, reads their knobs from their source, and says
// what to run.
//
// The source is the registry: a folder with a package main is a lab, its package
// comment is its synopsis, each flag is a knob, each counter of its variable m is
// a metric, and the line on which it counts is found by go/parser. Nothing is
// built to learn this, and nobody keeps a table.
package labs

import "socketlabs/labs/telemetry"

// Lab is one server under labs/.
type Lab struct {
	Name     string             `json:"name"` // its folder
	Synopsis string             `json:"synopsis"`
	Knobs    []Setting          `json:"knobs"`
	Metrics  []telemetry.Metric `json:"metrics"` // lab.*
	Lines    int                `json:"lines"`   // of its Go files, tests left out
	Code     string             `json:"code"`    // hash of the folder's Go files: what a learner edits
	Build    string             `json:"build"`   // hash of all that the binary is made of
	Funcs    []Func             `json:"funcs"`
	Broken   string             `json:"broken,omitempty"` // FILE:LINE: why its source cannot be read whole
}

// Func is a function of a lab as the lesson quotes it: with its comment.
type Func struct {
	Name   string  `json:"name"`
	File   string  `json:"file"` // labs/epoll/main.go
	Line   int     `json:"line"` // of the first line of Text
	Text   string  `json:"text"`
	Counts []Count `json:"counts"`
}

// Count is a line on which a metric is counted.
type Count struct {
	Line   int    `json:"line"` // in the file
	Metric string `json:"metric"`
}

// Func returns the function of that name; methods by their bare name.
func (l Lab) Func(name string) (Func, bool) {
	for _, f := range l.Funcs {
		if f.Name == name {
			return f, true
		}
	}
	return Func{}, false
}

// Catalog is every lab in a folder labs/, read once.
type Catalog struct {
	Root string // the module's folder
	Labs []Lab  // by name
}

// Lab returns the lab of that name.
func (c *Catalog) Lab(name string) (Lab, bool) {
	for _, l := range c.Labs {
		if l.Name == name {
			return l, true
		}
	}
	return Lab{}, false
}
