/*
Package service has what a program is made of as a tree of services, which start and stop together (Twisted's
application services).

	app := service.NewMultiService(r.Loops()[0])
	app.AddService(service.NewStreamServerEndpointService(r, "tcp:8080", web))
	app.AddService(service.NewTimerService(r.Loops()[0], time.Minute, expire))
	err := service.Run(r, app)

[Run] starts the tree when the reactor starts, and stops it when the reactor does, in front of everything else: while
services stop, their connections still work.

# Services of one's own

A service embeds [Base], and has methods StartService and StopService that call those of Base:

	type cache struct {
		service.Base
		...
	}

	func (c *cache) StartService() error {
		...
		return c.Base.StartService()
	}

# Goroutines

A tree belongs to one loop, to loop 0 of the reactor if it is given to [Run] or [Attach]. Nothing here locks.
*/
package service
