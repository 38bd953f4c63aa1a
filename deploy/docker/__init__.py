"""The image, and what docker-compose.yml gives to its containers: configuration files, and .env with its passwords."""
