package main

import "github.com/spf13/cobra"

func (a *app) upCommand() *cobra.Command {
	return &cobra.Command{Use: "up", Short: "Run everything on this machine"}
}
func (a *app) demoCommand() *cobra.Command { return &cobra.Command{Use: "demo", Short: "See it work"} }
