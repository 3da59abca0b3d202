package house

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// bad is a small product that breaks every rule, and does some things that only look
// as if they did.
const bad = `
-- go.mod --
module github.com/severhq/sever
-- internal/access/access.go --
// Package access imports one of ours.
package access

import "github.com/severhq/sever/internal/plan"
-- internal/audit/audit.go --
// Package audit imports one of ours.
package audit

import "github.com/severhq/sever/internal/access"
-- internal/api/api.go --
// Package api does by itself what belongs to the desk.
package api

import "github.com/severhq/sever/activities"
-- internal/evidence/evidence.go --
// Package evidence needs the records.
package evidence

import "github.com/severhq/sever/internal/store"
-- internal/inbox/hook/hook.go --
// Package hook does by itself what belongs to the desk.
package hook

import "github.com/severhq/sever/activities"
-- internal/scim/scim.go --
// Package scim reaches a case by itself.
package scim

import "github.com/severhq/sever/workflows"
-- internal/payload/payload.go --
// Package payload knows more than keys.
package payload

import "github.com/severhq/sever/internal/store"
-- internal/plan/plan.go --
// Package plan asks the world.
package plan

import (
	"net/http"

	"github.com/severhq/sever/internal/store"
)
-- internal/plan/plan_test.go --
package plan

import "net/http" // a test may
-- internal/notice/notice.go --
// Package notice asks the records.
package notice

import "github.com/severhq/sever/internal/store"
-- internal/story/story.go --
// Package story asks the records.
package story

import "github.com/severhq/sever/internal/store"
-- internal/sweep/sweep.go --
// Package sweep asks the records.
package sweep

import "github.com/severhq/sever/internal/store"
-- workflows/workflows.go --
// Package workflows reaches around activities.
package workflows

import (
	"math/rand/v2"

	"github.com/severhq/sever/internal/store"
)
-- activities/activities.go --
// Package activities knows what is above it, and one provider.
package activities

import (
	"go.temporal.io/sdk/activity"

	"github.com/severhq/sever/internal/provider/x"
	"github.com/severhq/sever/workflows"
)
-- internal/provider/x/x.go --
// Package x is in no catalog and knows its neighbour.
package x

import (
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/x/part"
	"github.com/severhq/sever/internal/provider/y"
)

var Spec = provider.Spec{}
-- internal/provider/x/part/part.go --
// Package part belongs to x.
package part
-- internal/provider/y/y.go --
// Package y sleeps, and passes the guard by.
package y

import (
	"net/http"
	"time"

	"github.com/severhq/sever/internal/provider/wire"
)

func Spec() {
	time.Sleep(1)
	wire.Get()
	http.Get("")
}
-- internal/provider/y/guards_test.go --
package y

func TestGuardsFailClosed() {}
-- internal/provider/ytest/ytest.go --
// Package ytest is what tests of several packages run.
package ytest

import "github.com/stretchr/testify/require"
-- internal/provider/catalog/catalog.go --
// Package catalog keeps records.
package catalog

import (
	"github.com/severhq/sever/internal/provider/y"
	"github.com/severhq/sever/internal/store"
)
-- internal/store/store.go --
// Package store knows Temporal.
package store

import (
	"github.com/jackc/pgx/v5"
	"go.temporal.io/sdk/client"
)
-- internal/wiring/wiring.go --
// Package wiring has SQL, and starts servers.
package wiring

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/severhq/sever/internal/dev/stack"
)
-- internal/util/util.go --
package util

// TODO: find a name. (A todo in a sentence is none.)
const todo = "TODO"
-- internal/dev/stack/stack.go --
// Package stack may look for programs.
package stack

import "os"

var path = os.Getenv("PATH")
-- starter/main.go --
// Command sever runs steps by itself, and ships the test library.
package main

import (
	sys "os"
	"testing"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/severhq/sever/internal/dev/stack"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/ytest"
)

var home = sys.Getenv("HOME")
-- starter/main_test.go --
package main

import (
	"time"

	"github.com/severhq/sever/worker"
)

func wait(clock interface{ Sleep(time.Duration) }) {
	clock.Sleep(1)
	time.Sleep(1)
}
-- worker/main.go --
// Command sever-worker does what activities are for.
package main

import (
	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/internal/provider/y"
)
-- internal/dev/testdata/left_out.go --
no Go at all
-- node_modules/left_out/left_out.go --
no Go at all
`

// archive is a file system of what stands between lines like "-- name --".
func archive(text string) fstest.MapFS {
	out := fstest.MapFS{}
	for part := range strings.SplitSeq(text, "\n-- ") {
		if name, content, ok := strings.Cut(part, " --\n"); ok {
			out[name] = &fstest.MapFile{Data: []byte(content)}
		}
	}
	return out
}

func TestRulesCanFail(t *testing.T) {
	files := archive(bad)
	files["worker/long.go"] = &fstest.MapFile{Data: []byte("package main\n" + strings.Repeat("\n", maxLines))}
	its, err := load(files)
	require.NoError(t, err)

	var got []string
	broken := map[string]bool{}
	for _, v := range check(its) {
		got = append(got, v.at+": "+v.what)
		broken[v.why] = true
	}

	require.Equal(t, []string{
		"activities/activities.go:7: imports internal/provider/x",
		"activities/activities.go:8: imports workflows",
		"internal/access/access.go:4: imports internal/plan",
		"internal/api/api.go:4: imports activities",
		"internal/audit/audit.go:4: imports internal/access",
		"internal/evidence/evidence.go:4: imports internal/store",
		"internal/inbox/hook/hook.go:4: imports activities",
		"internal/notice/notice.go:4: imports internal/store",
		"internal/payload/payload.go:4: imports internal/store",
		"internal/plan/plan.go:5: imports net/http",
		"internal/plan/plan.go:7: imports internal/store",
		"internal/provider/catalog/catalog.go:6: imports internal/store",
		"internal/provider/x/x.go: has no TestGuardsFailClosed",
		"internal/provider/x/x.go: is not in the catalog",
		"internal/provider/x/x.go:7: imports internal/provider/y",
		"internal/provider/y/y.go:12: uses time.Sleep",
		"internal/provider/y/y.go:14: uses http.Get",
		"internal/scim/scim.go:4: imports workflows",
		"internal/store/store.go:6: imports go.temporal.io/sdk/client",
		"internal/story/story.go:4: imports internal/store",
		"internal/sweep/sweep.go:4: imports internal/store",
		"internal/util/util.go: package util has no comment",
		"internal/util/util.go:3: says TODO",
		"internal/util: is called util",
		"internal/wiring/wiring.go:5: imports github.com/jackc/pgx/v5/pgxpool",
		"internal/wiring/wiring.go:7: imports internal/dev/stack",
		"starter/main.go:13: imports internal/provider/ytest",
		"starter/main.go:13: imports internal/provider/ytest",
		"starter/main.go:16: uses os.Getenv",
		"starter/main.go:6: imports testing",
		"starter/main.go:9: imports go.temporal.io/sdk/worker",
		"starter/main_test.go:11: uses time.Sleep",
		"starter/main_test.go:6: imports worker",
		"worker/long.go: has 451 lines, of at most 450",
		"worker/main.go:7: knows providers, and Temporal at worker/main.go:5",
		"workflows/workflows.go:5: imports math/rand/v2",
		"workflows/workflows.go:7: imports internal/store",
	}, got)
	for _, rule := range importRules {
		require.True(t, broken[rule.why], "nothing bad breaks the rule %q", rule.why)
	}
	for _, rule := range callRules {
		require.True(t, broken[rule.why], "nothing bad breaks the rule %q", rule.why)
	}
}
