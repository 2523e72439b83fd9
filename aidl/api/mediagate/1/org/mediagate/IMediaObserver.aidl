// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
import org.mediagate.MediaEvent;
oneway interface IMediaObserver {
    void happened(in MediaEvent[] events);
}
