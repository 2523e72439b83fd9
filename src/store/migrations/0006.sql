-- What a caller of the service was for SELinux, where there is SELinux.
ALTER TABLE audit ADD COLUMN context TEXT;
