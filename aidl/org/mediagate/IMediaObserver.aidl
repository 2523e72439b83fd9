package org.mediagate;

import org.mediagate.MediaEvent;

/** Told of changes that an application may see, and of what is given to it and taken from it. */
oneway interface IMediaObserver {
    /**
     * What happened, in order. The first call, and on some transports one after a long silence, has no events: it only
     * finds out whether somebody hears.
     */
    void happened(in MediaEvent[] events);
}
